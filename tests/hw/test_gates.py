"""The gates stage proves a netlist or leaves no proof, counts its switching, and runs again when it must."""

import json
import re
from pathlib import Path

import pytest

from ganglion.hw import gates
from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.gates import GateLevel, GatesSettings
from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import ConfigError, MismatchError
from ganglion.models.build.files import read_json, write_json
from ganglion.models.build.paths import BuildPaths
from tests.hw.toy import toy_network, write_toy_node


@pytest.fixture
def paths(tmp_path: Path) -> BuildPaths:
    return write_toy_node(plan(toy_network(), FoldedShape.of(2)), tmp_path)


def test_a_sound_netlist_is_proven_once_and_a_faulty_one_leaves_no_proof(
    paths: BuildPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = GatesSettings(name="toy", build=paths.root.parent, saif="top/u_policy")
    gates.run(settings)
    result = decode_json(GateLevel, paths.gates)
    assert result.vectors > 10_000
    assert result.latency_cycles == 27
    assert result.activity.actions < gates.ACTIONS  # the policy has no more observations
    assert result.activity.toggles["ff"] > 0
    saif = (paths.root / "gates" / "activity.saif").read_text()
    assert re.search(r"\(INSTANCE top\n\(INSTANCE u_policy\n(.*\n)*\(INSTANCE u_engine\n", saif)
    assert saif.count("(") == saif.count(")")
    gates.run(settings)
    assert capsys.readouterr().out.splitlines()[-1] == "gates: up to date"

    netlist = read_json(paths.work / "gates" / "netlist.json")
    port = netlist["modules"]["ganglion_top"]["ports"]["m_axis_tdata"]
    port["bits"][0], port["bits"][1] = port["bits"][1], port["bits"][0]
    routed = paths.root / "routed.json"
    write_json(routed, netlist)
    with pytest.raises(MismatchError, match=r"layer fc2: vector \d+, neuron 0: expected -?\d+, got -?\d+"):
        gates.run(GatesSettings(name="toy", build=paths.root.parent, netlist=routed))
    assert not paths.gates.exists()


def test_actions_start_at_one() -> None:
    with pytest.raises(ConfigError, match="actions=0: allowed from 1"):
        GatesSettings(name="toy", actions=0)


def test_a_family_without_models_of_its_cells_is_named(paths: BuildPaths) -> None:
    value = read_json(paths.hw)
    del value["board"]["family"]["gates"]
    paths.hw.write_text(json.dumps(value))
    with pytest.raises(ConfigError, match=r"family 7-series: no models of its cells are named \(\[gates\]"):
        gates.run(GatesSettings(name="toy", build=paths.root.parent))
