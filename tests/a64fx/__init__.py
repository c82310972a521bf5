"""Tests as jobs on an emulated A64FX, the processor of Fugaku: `tox run -e a64fx`."""
