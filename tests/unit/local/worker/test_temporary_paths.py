import os
import shutil
import sys
from pathlib import Path

from lambdabot.local.worker import temporary_paths

TMP = "/tmp"  # noqa: S108 - the name that functions use


def test_leads_paths_below_tmp_to_the_folder(tmp_path, in_child):
    kept, private = tmp_path / "kept", tmp_path / "private"
    layers = tmp_path / "layers"
    for folder in (kept, private, layers):
        folder.mkdir()
    name = f"lambdabot-{os.getpid()}"
    cat = shutil.which("cat")

    def child():
        temporary_paths.redirect({TMP: str(private), "/opt": str(layers)}, [str(kept), sys.prefix, *sys.path])
        with open(f"{TMP}/{name}", "w") as file:  # noqa: PTH123 - as functions write
            file.write("x")
        assert (private / name).read_text() == "x"
        assert Path(f"{TMP}/{name}").read_text() == "x"
        assert os.path.exists(f"{TMP}/{name}".encode())  # noqa: PTH110 - bytes
        assert os.listdir(TMP) == [name]  # noqa: PTH208 - as functions write
        os.rename(f"{TMP}/{name}", f"{TMP}/other")  # noqa: PTH104 - two paths
        assert not Path(f"{TMP}/{name}").exists()
        (kept / "mine").write_text("mine")
        assert (kept / "mine").read_text() == "mine"
        assert not Path(f"{TMP}files").exists()
        (layers / "data").write_text("of a layer")
        assert Path("/opt/data").read_text() == "of a layer"
        assert not Path("/optional").exists()
        assert os.stat(0)
        del sys.modules["subprocess"]
        import subprocess  # as a function does, after the worker's start

        shown = subprocess.run([cat, f"{TMP}/other"], capture_output=True, text=True, check=True, cwd=TMP)
        assert shown.stdout == "x"

    assert in_child(child) == ""
    assert not Path(f"{TMP}/{name}").exists()
