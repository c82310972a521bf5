"""PJM, the batch system of Fugaku: its commands, codes and directives."""
