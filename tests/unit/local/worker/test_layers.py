"""What a worker sees of its layers, at /opt where it has a view of its own and by its variables where it has none."""

import platform


def test_layers_are_found_as_on_lambda(start, code, any_machine):
    version = ".".join(platform.python_version_tuple()[:2])
    layers = code(
        {
            "python/common.py": "NAME = 'python'\n",
            f"python/lib/python{version}/site-packages/deep.py": "NAME = 'deep'\n",
            "bin/tool": "#!/bin/sh\nprintf tool\n",
            "wrapper": '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n',
            "data.txt": "data",
        }
    )
    for name in ("bin/tool", "wrapper"):
        (layers / name).chmod(0o755)
    source = """
        import os, subprocess, sys
        from pathlib import Path
        import common, deep

        def handler(event, context):
            top = Path(common.__file__).parents[1]
            assert open("/opt/data.txt").read() == "data"
            return {
                "names": [common.NAME, deep.NAME, subprocess.check_output(["tool"], text=True), os.environ["WRAPPED"]],
                "data": (top / "data.txt").read_text(),
                "top": str(top),
                "libraries": os.environ["LD_LIBRARY_PATH"].endswith(f":{top}/lib"),
                "arguments": len(sys.argv),
            }
    """

    seen = start(any_machine, source, layers=layers, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}).value()

    own_view = any_machine.isolation.own_view
    assert seen == {
        "names": ["python", "deep", "tool", "yes"],
        "data": "data",
        "top": "/opt" if own_view else str(layers),
        "libraries": True,
        "arguments": 1,
    }


def test_without_layers_opt_is_an_empty_folder(start, any_machine):
    source = """
        import os

        def handler(event, context):
            return os.listdir("/opt")
    """
    programs = any_machine.isolation._programs if any_machine.isolation.own_view else ()
    kept = {path.relative_to("/opt").parts[0] for path in programs if path.is_relative_to("/opt")}
    assert set(start(any_machine, source).value()) == kept


def test_layers_cannot_be_written_to_and_hold_nothing_of_the_machine(start, code, machine):
    layers = code({"data.txt": "data"})
    source = """
        import os

        def handler(event, context):
            refused = []
            for path in ("/opt/data.txt", "/opt/new"):
                try:
                    open(path, "w")
                except OSError as error:
                    refused.append(type(error).__name__)
            return [len(refused), sorted(os.listdir("/opt"))]
    """

    refused, names = start(machine, source, layers=layers).value()

    assert refused == 2
    kept = {path.relative_to("/opt").parts[0] for path in machine.isolation._programs if path.is_relative_to("/opt")}
    assert set(names) == {"data.txt", *kept}


def test_no_layers_can_be_had_where_the_machines_own_lie(start, machine):
    source = "import sys\ndef handler(event, context): return [one for one in sys.path if one.startswith('/opt')]\n"
    assert len(start(machine, source).value()) == 2
