from __future__ import annotations

from mnist_repro.gate.platform import UNNAMED, environment_note, platform_text

HERE = {"machine": "aarch64", "tensorflow": "2.2.0-rc1", "keras": "2.3-tf"}


def test_a_platform_is_what_its_provenance_calls_it() -> None:
    assert ["aarch64, A100", UNNAMED] == [platform_text({**HERE, "platform": "aarch64, A100"}), platform_text(HERE)]


def test_what_matters_most_of_two_environments_comes_first() -> None:
    versions = {f"package-{number}": "1.0" for number in range(9)}
    stored = {**HERE, "cpu": "A64FX", "seconds": 1.5, "switches": {}, "packages": {**versions, "protobuf": "5.29"}}
    here = {
        **HERE,
        "cpu": "EPYC",
        "seconds": 2.5,
        "switches": {"TF_ENABLE_ONEDNN_OPTS": "0"},
        "packages": {"h5py": "3"},
    }

    assert (
        "environment: CPU EPYC, stored A64FX; switches TF_ENABLE_ONEDNN_OPTS=0, stored none; "
        "protobuf none, stored 5.29; package-0 none, stored 1.0; "
    ) == environment_note(stored, here).partition("package-1")[0]
    assert environment_note(stored, here).endswith("; package-4 none, stored 1.0; and 4 more packages")


def test_of_a_baseline_without_packages_the_note_says_what_is_known() -> None:
    unknown = "the versions of other packages were not stored"

    assert f"environment: Keras 3.1, stored 2.3-tf; {unknown}" == environment_note(
        HERE, {**HERE, "keras": "3.1", "cpu": "EPYC", "packages": {}}
    )
    assert f"environment: nothing that is known differs from the stored; {unknown}" == environment_note(HERE, HERE)
