import sys

from lambdabot.local.worker import bootstrap


def test_sets_the_path_as_lambda_has_it(monkeypatch):
    monkeypatch.setenv("LAMBDA_TASK_ROOT", "/var/task")
    monkeypatch.setenv("LAMBDA_RUNTIME_DIR", "/var/runtime")
    before = ["/var/runtime", "/usr/lib/python", "/usr/lib/python/lib-dynload"]
    monkeypatch.setattr(sys, "path", before)
    bootstrap.set_up_interpreter("/opt")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert sys.path == [
        "/var/task",
        f"/opt/python/lib/{version}/site-packages",
        "/opt/python",
        "/usr/lib/python",
        "/usr/lib/python/lib-dynload",
        "/var/runtime",
    ]
