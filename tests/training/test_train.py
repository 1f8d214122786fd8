"""Runs on the toy: they learn, prune, quantize, survive a kill, and leave what the next stage reads."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganglion.models.build.errors import ConfigError, ExportError
from ganglion.models.build.files import read_json
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.quant.schemes import Scheme
from ganglion.training.algorithms.sac import new_sac
from ganglion.training.checkpoint import Checkpoint, masks_of
from ganglion.training.config import load_config
from ganglion.training.evaluate import evaluate_run, summary, summary_over_runs
from ganglion.training.export import export_run
from ganglion.training.learner import masks_or_ones, restore
from ganglion.training.options import TrainSettings
from ganglion.training.run import Phase, Run
from ganglion.training.train import learning_rate, train
from tests.training.killed import assert_resumes, curve_of
from tests.training.toy import ENV_ID, toy_config, toy_run

GOOD_RETURN = -6.0  # a random policy has about -40, a policy that stands still -17


def _sparse_run(parent: Path, **changes: Any) -> Run:
    values = {"name": "sparse", "sparsity": 0.8, "steps": 1_200, "qat_steps": 800, "parent": parent}
    return toy_run(**{**values, **changes})


def test_the_toy_is_learnt(dense_run: tuple[Run, Path]) -> None:
    _, checkpoint = dense_run
    result = read_json(checkpoint.parent / "result.json")
    assert result["return_mean"] > GOOD_RETURN
    assert len(result["returns"]) == result["episodes"] == 100 and result["falls"] == 0
    assert (checkpoint.parent / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_a_result_says_how_sure_it_is(dense_run: tuple[Run, Path]) -> None:
    result = read_json(dense_run[1].parent / "result.json")
    returns = sorted(result["returns"])
    assert result["return_iqm"] == pytest.approx(np.mean(returns[25:75]))
    low, high = result["return_mean_ci95"]
    assert returns[0] <= low <= result["return_mean"] <= high <= returns[-1]
    assert "100 episodes" in summary(result) and "95% interval" in summary(result)
    other = {**result, "return_mean": result["return_mean"] - 2}
    text = summary_over_runs([result, other])
    assert text.startswith(f"{ENV_ID}, SAC, 2 runs: ") and "± 1.0, interquartile mean" in text


def test_a_sparse_int8_policy_comes_from_a_dense_one(dense_run: tuple[Run, Path]) -> None:
    run = _sparse_run(dense_run[1])
    train(run)
    result = read_json(run.folder / "result.json")
    assert result["return_mean"] > GOOD_RETURN
    assert result["phase"] == "qat"
    assert result["sparsity"] >= 0.8
    assert result["parent_result"]["return_mean"] > GOOD_RETURN
    integers = QuantNetwork.load(run.folder / "policy").to_integers()
    assert integers.nnz == result["nnz"]
    assert np.load(run.folder / "policy" / "observations.npz")["observation"].shape[1] == 2


def test_the_sparsity_follows_the_schedule(dense_run: tuple[Run, Path]) -> None:
    run = _sparse_run(dense_run[1], name="schedule", qat_steps=0)
    train(run)
    sparsity = {entry["step"]: entry["sparsity"] for entry in curve_of(run)}
    assert 0 < sparsity[400] < sparsity[800]
    assert sparsity[800] == sparsity[1200] == pytest.approx(0.8, abs=0.01)
    best = Checkpoint.load(run.best(Phase.PRUNE))
    assert best.meta["step"] > run.prune_window[1]


@pytest.mark.parametrize("pruning", ["magnitude", "rigl"])
def test_a_run_killed_in_every_phase_goes_on_as_if_nothing_had_happened(
    pruning: str, dense_run: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = toy_config(eval_every=200, pruning=pruning)
    whole = _sparse_run(dense_run[1], config=config, name="whole", steps=600, qat_steps=400)
    # Milestones: 0, 200, 400, 600 while pruning, then 600, 800, 1000 in int8.
    assert_resumes(whole, monkeypatch)


def test_a_finished_run_is_only_evaluated_again(
    dense_run: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, checkpoint = dense_run
    monkeypatch.chdir(checkpoint.parents[4])
    before = checkpoint.read_bytes()
    train(run)
    assert checkpoint.read_bytes() == before


def test_other_settings_in_the_same_folder_are_refused(
    dense_run: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, checkpoint = dense_run
    monkeypatch.chdir(checkpoint.parents[4])
    with pytest.raises(ConfigError, match="holds a run with other settings.*give run with another name"):
        train(replace(run, seed=5))


def test_a_run_recorded_before_a_setting_existed_goes_on(dense_run: tuple[Run, Path]) -> None:
    run = _sparse_run(dense_run[1], name="old", steps=400, qat_steps=0)
    train(run)
    whole = Checkpoint.load(run.checkpoint)
    described = run.to_json()
    for key in ("pruning", "rewire_fraction", "csd_digits", "anneal_fraction"):
        del described["config"][key]
    del described["ptq"]
    arrays = {name: array for name, array in whole.arrays.items() if not name.startswith("mask/")}
    old = Checkpoint(arrays=arrays, meta={**whole.meta, "run": described})
    old.save(run.checkpoint)
    old.save(run.best(Phase.PRUNE))
    model = new_sac(run.config, seed=0)
    restore(model, old)
    for mask, weight in zip(masks_of(whole), masks_or_ones(model), strict=True):
        np.testing.assert_array_equal(mask, weight)
    train(run)
    assert Run.from_json(described, "old") == run


def test_calibration_alone_makes_an_int8_policy(dense_run: tuple[Run, Path]) -> None:
    run = toy_run(name="ptq", steps=0, parent=dense_run[1], ptq=True)
    train(run)
    result = read_json(run.folder / "result.json")
    assert (result["phase"], result["step"]) == ("ptq", 0) and result["return_mean"] > GOOD_RETURN
    assert QuantNetwork.load(run.folder / "policy").to_integers().nnz == result["nnz"]
    assert len(curve_of(run)) == 1
    before = run.best(Phase.PTQ).read_bytes()
    train(run)
    assert run.best(Phase.PTQ).read_bytes() == before and len(curve_of(run)) == 1


def test_no_steps_prune_nothing(dense_run: tuple[Run, Path]) -> None:
    for distill in (False, True):
        run = toy_run(name="un", steps=0, qat_steps=80, sparsity=0.5, parent=dense_run[1], distill=distill)
        with pytest.raises(ConfigError, match="sparsity=0.5: steps=0 prunes nothing, and .* with 0; give"):
            train(run)


def test_a_missing_checkpoint_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.npz is missing.*ganglion train Hopper"):
        train(toy_run(parent=Path("nowhere.npz")))
    with pytest.raises(ConfigError, match="no checkpoint.*ganglion train Hopper"):
        evaluate_run(tmp_path)


def test_a_damaged_checkpoint_is_named(dense_run: tuple[Run, Path], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.npz"
    whole = dense_run[1].read_bytes()
    for data in (whole[:-5_000], whole[: len(whole) // 2], b"", b"no zip at all"):
        damaged.write_bytes(data)
        with pytest.raises(ConfigError, match=r"damaged.npz is truncated or no checkpoint"):
            Checkpoint.load(damaged)


def test_a_pickle_in_a_checkpoint_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", __meta__=np.array([object()], dtype=object))
    with pytest.raises(ConfigError, match="no checkpoint"):
        Checkpoint.load(tmp_path / "evil.npz")


def test_a_checkpoint_of_another_shape_is_refused(dense_run: tuple[Run, Path]) -> None:
    with pytest.raises(ConfigError, match=r"another network: latent_pi.0.bias is \[32\], here \[16\]"):
        train(toy_run(name="other", parent=dense_run[1], config=toy_config(hidden=(16, 16))))


def test_a_checkpoint_that_lacks_a_part_is_refused(dense_run: tuple[Run, Path]) -> None:
    whole = Checkpoint.load(dense_run[1])
    arrays = {name: array for name, array in whole.arrays.items() if not name.startswith("critic/")}
    replace(whole, arrays=arrays).save(Path("part.npz"))
    with pytest.raises(ConfigError, match="holds no critic"):
        train(toy_run(name="part", parent=Path("part.npz")))


def test_what_the_parent_pruned_never_comes_back(
    dense_run: tuple[Run, Path], caplog: pytest.LogCaptureFixture
) -> None:
    first = _sparse_run(dense_run[1], name="first", steps=400, qat_steps=0)
    train(first)
    second = _sparse_run(first.best(Phase.PRUNE), name="second", sparsity=0.9, steps=400, qat_steps=0)
    train(second)
    sparsity = [entry["sparsity"] for entry in curve_of(second)]
    assert sparsity == sorted(sparsity)
    assert sparsity[0] == pytest.approx(0.8, abs=0.01)
    assert sparsity[-1] == pytest.approx(0.9, abs=0.01)
    assert "zeros stay" not in caplog.text
    third = _sparse_run(first.best(Phase.PRUNE), name="third", sparsity=0.5, steps=400, qat_steps=0)
    train(third)
    assert curve_of(third)[-1]["sparsity"] == sparsity[0]
    assert f"sparsity=0.5: {third.parent} is of a run with 0.8, whose zeros stay: the" in caplog.text


def test_a_kill_while_writing_leaves_the_checkpoint_whole(
    dense_run: tuple[Run, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint.npz"
    checkpoint = Checkpoint.load(dense_run[1])
    checkpoint.save(path)
    before = path.read_bytes()

    def full_disk(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_line_names_the_run() -> None:
    parent = Path("a") / "best-dense.npz"
    run = TrainSettings(environment="Hopper", sparsity=0.95, steps=400_000, parent=parent, seed=2).plan()
    assert (run.name, run.sparsity, run.steps, run.qat_steps) == ("sparse95-s2", 0.95, 400_000, 80_000)
    assert run.prune_window[0] == 0
    dense = TrainSettings(environment="Hopper").plan()
    assert (dense.name, dense.qat_steps) == ("dense-s1", 0)


def test_the_command_line_replaces_settings_and_names_the_run_after_them() -> None:
    settings = {"env_id": "Hopper-v5", "weight_bits": 4, "pruning": "magnitude", "scheme": Scheme.PTSQ}
    run = TrainSettings(environment="Hopper", set="gamma=0.9", **settings).plan()
    assert (run.config.env_id, run.config.quant.weight_bits, run.qat_steps) == ("Hopper-v5", 4, 0)
    assert run.name == "dense-gamma0.9-Hopper-v5-weight_bits4-ptsq-s1"
    assert run.to_json()["config"]["env_id"] == "Hopper-v5"
    assert replace(run.config, env_id="Hopper-v4", weight_bits=8, gamma=0.99) == load_config("Hopper")
    game = TrainSettings(environment="Pong", set="dqn.network=resnet hidden=[256,64] dqn.n_steps=1").plan()
    assert game.name == "dense-resnet-hidden256x64-dqn.n_steps1-s1"
    assert TrainSettings(environment="Pong", env_id="ALE/Pong-v5").plan().name == "dense-ALE-Pong-v5-s1"


def test_few_steps_have_a_rollout_in_int8() -> None:
    few = TrainSettings(
        environment="Pendulum", algorithm="trpo", sparsity=0.5, steps=10240, set="qat_fraction=0.05"
    )
    assert few.plan().qat_steps


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sparsity": 1.0}, "sparsity 1.0 is outside"),
        ({"steps": 1_001}, "steps=1001, allowed: multiples of updates_per_rollout"),
        ({"run": "../x"}, "run=../x must be a plain folder name"),
        ({"weight_bits": 9}, "weight_bits = 9, allowed: 2 to 8"),
        ({"csd_digits": 0}, "csd_digits = 0, allowed: 1 to 4"),
        ({"pruning": "lottery"}, "pruning = 'lottery', allowed: magnitude, scaled, one_shot"),
        (
            {"scheme": Scheme.PTSQ, "qat_steps": 800},
            "scheme=ptsq contradicts qat_steps=800: qat trains in int8 for some steps",
        ),
        ({"scheme": Scheme.FLOAT, "qat_steps": 800}, "scheme=float contradicts qat_steps=800"),
        ({"scheme": Scheme.QAT, "qat_steps": 0}, "scheme=qat contradicts qat_steps=0"),
        ({"steps": 0}, "steps=0 trains nothing: it takes a trained policy by from"),
        ({"steps": 0, "parent": Path("best-dense.npz")}, "steps=0 trains nothing: .* qat_steps or scheme"),
        ({"parent": Path("sac.zip"), "distill": True}, "sac.zip is a zip: compress imitates it"),
        (
            {"algorithm": "trpo", "environment": "Pendulum", "sparsity": 0.5, "steps": 4096},
            "steps=4096: the final sparsity stands from step 3277 on, after which no rollout of 2048 begins",
        ),
        ({"seed": -1}, "seed=-1, allowed: 0 to 4294967295"),
        ({"seed": 2**32}, "seed=4294967296, allowed"),
        ({"run": ".."}, "run=.. must be a plain folder name"),
        ({"scheme": Scheme.PTDQ}, "scheme ptdq has no hardware: .*; ptsq, .*, has"),
        (
            {"pruning": "neurons_l1", "sparsity": 0.999},
            "sparsity 0.999 would remove all 256 neurons of a hidden layer; allowed: at most 0.996",
        ),
        ({"environment": "Hoper"}, "unknown environment 'Hoper'; known: .*Hopper"),
    ],
)
def test_a_run_that_cannot_be_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainSettings(**{"environment": "Hopper", **settings}).plan()


def test_an_export_wants_vectors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="vectors=0, allowed: at least 1"):
        export_run(tmp_path, tmp_path / "policy", 0)


def test_a_damaged_policy_is_refused(dense_run: tuple[Run, Path]) -> None:
    with pytest.raises(ExportError):
        QuantNetwork.load(dense_run[1].parent / "policy")


def test_a_learning_rate_falls_in_the_last_part_of_the_steps_and_in_half_of_an_imitation() -> None:
    config = toy_config(learning_rate=1e-3, distill_learning_rate=1e-2, anneal_fraction=0.1)
    falls = learning_rate(replace(toy_run(), config=config), Phase.DENSE)
    imitating = replace(toy_run(), config=config, parent=Path("x.npz"), distill=True)
    imitates = learning_rate(imitating, Phase.PRUNE)
    assert callable(falls) and callable(imitates)
    assert [falls(rest) for rest in (1, 0.1, 0.05, 0)] == pytest.approx([1e-3, 1e-3, 5e-4, 0])
    assert [imitates(rest) for rest in (1, 0.5, 0.25, 0)] == pytest.approx([1e-2, 1e-2, 5e-3, 0])
    assert learning_rate(toy_run(), Phase.DENSE) == toy_config().learning_rate
