"""The environment variables of a worker: the function's own and those of Lambda's runtime, nothing of ours.

Names and values as "Defined runtime environment variables" of the AWS Lambda Developer Guide has them. Credentials are
made up: there is no role here, and ours are not for the user's code.
"""

from collections.abc import Mapping

from lambdabot.local.worker.layout import Layout
from lambdabot.local.worker.spec import EnvironmentSpec
from lambdabot.model import runtimes


def worker_variables(spec: EnvironmentSpec, layout: Layout, own: Mapping[str, str]) -> dict[str, str]:
    """Return the complete environment of a worker but for the address of its Runtime API; `own` is its runtime's."""
    code = str(layout.code)
    layers = str(layout.layers)
    runtime = str(layout.runtime)
    defaults = {
        "PATH": f"/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:{layers}/bin",
        "LD_LIBRARY_PATH": f"/var/lang/lib:/lib64:/usr/lib64:{runtime}:{runtime}/lib:{code}:{code}/lib:{layers}/lib",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **own,
        "TMPDIR": str(layout.temporary),
        "AWS_EC2_METADATA_DISABLED": "true",  # a look for credentials ends at once, and not in the host's role
    }
    reserved = {
        "_HANDLER": spec.handler,
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        **({} if runtimes.is_provided(spec.runtime) else {"AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}"}),
        "AWS_LAMBDA_FUNCTION_NAME": spec.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": spec.log_stream,
        "LAMBDA_TASK_ROOT": code,
        "LAMBDA_RUNTIME_DIR": runtime,
    }
    return defaults | dict(layout.user) | dict(spec.aws) | dict(spec.environment) | reserved
