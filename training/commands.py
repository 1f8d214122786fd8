"""The training room's commands."""

from ganglion.models.command_line import Command

COMMANDS = (
    Command(
        name="train",
        target="ganglion.training.train:run",
        help="train a policy: dense, or pruned, then int8; a killed run goes on",
        variables={"ENV": "environment", "FROM": "parent"},
    ),
    Command(
        name="compress",
        target="ganglion.training.compress:run",
        help="make a sparse int8 policy of a run or of a stable-baselines3 zip, unpickled: trust it",
        variables={"ENV": "environment"},
    ),
    Command(
        name="sweep",
        target="ganglion.training.sweep:run",
        help="train a grid of policies on Ray; a killed sweep goes on",
        variables={"SWEEP": "name", "ENVS": "environments"},
    ),
    Command(
        name="evaluate",
        target="ganglion.training.evaluate:run",
        help="put the best policy of a run to the test on fresh episodes",
        variables={"RUN": "runs"},
    ),
    Command(
        name="export", target="ganglion.training.export:run", help="make a policy folder of a finished run"
    ),
    Command(
        name="figures",
        target="ganglion.training.figures:run",
        help="draw return against sparsity and learning curves of whatever runs there are",
    ),
    Command(
        name="delta",
        target="ganglion.training.delta.study:run",
        help="count the multiplications of delta inference against the return: a table and a figure",
        variables={"ENV": "name"},
    ),
    Command(
        name="study",
        target="ganglion.training.study.study:run",
        help="measure quantization and pruning: return, memory, time, energy, on this CPU and in hardware",
        variables={"STUDY": "name", "ENVS": "environments"},
    ),
    Command(
        name="delta-figure",
        target="ganglion.training.delta.figure:run",
        help="draw return against multiplications of every policy that delta has measured",
    ),
    Command(name="zoo", target="ganglion.training.zoo:run", help="print the shipped policies as a table"),
    Command(
        name="games",
        target="ganglion.training.games_table:run",
        help="print the shipped policies' scores in games beside the paper's claims as a table",
    ),
    Command(
        name="bench-training",
        target="ganglion.training.bench:run",
        help="measure the speed of training against stable-baselines3's SAC and DQN",
    ),
)
