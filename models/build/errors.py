"""The named errors."""


class GanglionError(Exception):
    """The base of every error that a user can mend; the command line prints it as one line and exits 1."""


class ConfigError(GanglionError):
    """A setting, name or command-line value is unknown, missing or out of range."""


class ExportError(GanglionError):
    """A policy cannot be written as integers, or a policy folder is incomplete or altered."""


class TrainingError(GanglionError):
    """Training met a number that is not finite and cannot go on."""


class CompileError(GanglionError):
    """A policy cannot be turned into hardware as asked."""


class MismatchError(GanglionError):
    """Two links of the equality chain differ; the message names the first layer, index and values."""


class ToolError(GanglionError):
    """An external tool is missing, failed or did not answer in time."""


def first_line(error: Exception) -> str:
    """Return what another library's error says, in one line of at most 160 characters."""
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
