"""The closure, resolved by the real uv over a made-up index: verdicts, chains, drift, blockers."""

import pytest

from lambdabot.arm64.target import Target

ARM = "cp312-cp312-manylinux_2_17_aarch64"
X86 = "cp312-cp312-manylinux_2_17_x86_64"


def one(answer, name):
    return next(package for package in answer.packages if package.name == name)


def test_platform_wheels_pure_wheels_and_pure_sdists_are_ready(package_index, ask, verdicts):
    package_index.wheel("alpha", "1.0", ARM, requires=("beta>=1", "gamma"))
    package_index.wheel("alpha", "1.0", X86, requires=("beta>=1", "gamma"))
    package_index.wheel("beta", "1.5")
    package_index.pure_sdist("gamma", "0.1")
    answer = ask("# things\nalpha==1.0\n")
    assert answer.verdict == "ready"
    assert verdicts(answer) == {"alpha": "wheel", "beta": "pure", "gamma": "pure"}
    assert one(answer, "beta").requested_by == ("requirements.txt:2", "alpha")
    assert one(answer, "alpha").evidence == f"alpha-1.0-{ARM}.whl"
    assert "pure sdist" in one(answer, "gamma").evidence
    assert answer.drift == ()


def test_release_without_an_arm64_wheel_blocks_and_names_the_nearest_newer_one(package_index, ask):
    for version in ("1.0", "1.1", "1.2"):
        package_index.wheel("alpha", version, X86)
    for version in ("0.9", "1.1", "1.2"):
        package_index.wheel("alpha", version, ARM)
    answer = ask("alpha==1.0\n")
    package = one(answer, "alpha")
    assert answer.verdict == "blocked"
    assert (package.verdict, package.x86_64_verdict) == ("no arm64 wheel", "wheel")
    assert package.fix == "use alpha==1.1"
    assert answer.reason == "blocked by alpha"


def test_older_release_is_advised_where_no_newer_one_fits(package_index, ask):
    package_index.wheel("alpha", "1.0", X86)
    package_index.wheel("alpha", "0.9", ARM)
    assert one(ask("alpha==1.0\n"), "alpha").fix == "use alpha==0.9"


def test_step_back_of_the_resolver_is_drift_and_not_a_pass_in_silence(package_index, ask, verdicts):
    package_index.wheel("alpha", "2.0", X86)
    package_index.wheel("alpha", "1.0", ARM)
    answer = ask("alpha\n")
    assert answer.verdict == "ready"
    assert verdicts(answer) == {"alpha": "wheel"}
    assert answer.drift == (
        f"alpha 2.0 -> 1.0 on arm64: no aarch64 wheel, only alpha-2.0-{X86}.whl; there is no sdist",
    )


def test_drift_that_only_follows_says_so(package_index, ask):
    package_index.wheel("alpha", "2.0", X86, requires=("beta==2",))
    package_index.wheel("alpha", "1.0", ARM, requires=("beta==1",))
    package_index.wheel("beta", "2")
    package_index.wheel("beta", "1")
    assert ask("alpha\n").drift[1] == "beta 2 -> 1 on arm64: as the other versions ask for it"


def test_drift_names_the_wheel_that_x86_64_lacks(package_index, ask):
    package_index.wheel("alpha", "2.0", ARM)
    package_index.wheel("alpha", "2.0", "cp312-cp312-manylinux_2_35_x86_64")
    package_index.wheel("alpha", "1.0")
    (line,) = ask("alpha\n").drift
    assert line.startswith(
        "alpha 1.0 -> 2.0 on arm64: alpha-2.0-cp312-cp312-manylinux_2_35_x86_64.whl needs glibc 2.35"
    )


def test_only_what_has_to_be_excused_blocks(package_index, ask, verdicts):
    package_index.wheel("bad", "1.0", X86)
    package_index.wheel("steps", "2.0", X86)
    package_index.wheel("steps", "1.0", ARM)
    package_index.wheel("good", "1.0")
    answer = ask("bad\nsteps\ngood\n")
    assert answer.verdict == "blocked"
    assert verdicts(answer) == {"bad": "no arm64 wheel", "steps": "wheel", "good": "pure"}
    assert one(answer, "bad").fix == "none: no release fits, and there is no source to build it from"


def test_blocked_dependency_names_its_parents_and_the_parent_that_helps(package_index, ask):
    package_index.wheel("app", "1.0", requires=("core==1.0",))
    package_index.wheel("app", "1.1", requires=("core==1.1",))
    package_index.wheel("core", "1.0", X86)
    package_index.wheel("core", "1.1", ARM)
    package = one(ask("app==1.0\n"), "core")
    assert package.requested_by == ("requirements.txt:1", "app")
    assert package.fix == "use app==1.1, which takes core 1.1"


def test_parent_that_does_without_is_advised_when_newer_only(package_index, ask):
    package_index.wheel("app", "1.0", requires=("core",))
    package_index.wheel("app", "0.1")
    package_index.wheel("core", "1.0", X86)
    assert one(ask("app==1.0\n"), "core").fix.startswith("none: ")
    package_index.wheel("app", "2.0")
    assert one(ask("app==1.0\n"), "core").fix == "use app==2.0, which does without core"


def test_prerelease_is_no_advice_unless_asked_for(package_index, ask):
    package_index.wheel("alpha", "1.0", X86)
    package_index.wheel("alpha", "1.1rc1", ARM)
    assert one(ask("alpha==1.0\n"), "alpha").fix.startswith("none")
    assert one(ask("--pre\nalpha==1.0\n"), "alpha").fix == "use alpha==1.1rc1"


def test_sibling_project_is_advised(package_index, ask):
    package_index.native_sdist("psycopg2", "2.9")
    package_index.wheel("psycopg2-binary", "2.9", ARM)
    package = one(ask("psycopg2==2.9\n"), "psycopg2")
    assert (package.verdict, package.x86_64_verdict) == ("sdist only", "sdist only")
    assert package.fix == "use psycopg2-binary in its place (2.9 fits)"


def test_sibling_extra_is_advised(package_index, ask):
    package_index.wheel("psycopg", "3.2", requires=("psycopg-c ; extra == 'c'", "psycopg-binary ; extra == 'binary'"))
    package_index.native_sdist("psycopg-c", "3.2")
    assert one(ask("psycopg[c]\n"), "psycopg-c").fix.startswith("none: ")
    package_index.wheel("psycopg-binary", "3.2", ARM)
    answer = ask("psycopg[c]>=3\n", verify=True)
    assert one(answer, "psycopg-c").fix == "use psycopg[binary]>=3 in its place (3.2 fits)"
    assert "verified: with psycopg[binary]>=3 it resolves for arm64" in answer.reason


def test_other_release_on_another_runtime_is_advised_where_nothing_less_helps(package_index, ask):
    package_index.native_sdist("alpha", "1.0")
    package_index.wheel("alpha", "1.1", "cp311-cp311-manylinux_2_28_aarch64")
    package_index.wheel("alpha", "1.1", "cp312-cp312-manylinux_2_28_aarch64")
    package = one(ask("alpha==1.0\n", target=Target.of_runtime("python3.11")), "alpha")
    assert package.fix == "use alpha==1.1, on the runtime python3.12 (glibc 2.34)"


def test_runtime_that_lifts_the_limit_is_advised(package_index, ask):
    package_index.wheel("alpha", "1.0", "cp311-cp311-manylinux_2_17_x86_64")
    package_index.wheel("alpha", "1.0", "cp311-cp311-manylinux_2_28_aarch64")
    package_index.wheel("alpha", "1.0", "cp312-cp312-manylinux_2_28_aarch64")
    package = one(ask("alpha==1.0\n", target=Target.of_runtime("python3.11")), "alpha")
    assert package.verdict == "glibc too new"
    assert "needs glibc 2.28, and the runtime has 2.26" in package.evidence
    assert package.fix == "run it on the runtime python3.12 (glibc 2.34)"


def test_image_with_a_newer_glibc_is_advised_where_no_runtime_helps(package_index, ask):
    package_index.wheel("alpha", "1.0", "cp312-cp312-manylinux_2_35_aarch64")
    package = one(ask("alpha==1.0\n"), "alpha")
    assert package.fix == "run it on a container image with Python 3.12 and glibc 2.35 or newer"
    assert package.x86_64_verdict == "not found"


def test_other_python_is_advised(package_index, ask):
    package_index.wheel("alpha", "1.0", "cp311-cp311-manylinux_2_17_aarch64", python=">=3.9")
    package = one(ask("alpha==1.0\n"), "alpha")
    assert package.verdict == "python not supported"
    assert package.fix == "run it on the runtime python3.11 (glibc 2.26)"


def test_requires_python_of_the_files_counts(package_index, ask):
    package_index.wheel("alpha", "1.0", python="<3.12")
    package = one(ask("alpha==1.0\n"), "alpha")
    assert (package.verdict, package.evidence) == ("python not supported", "it requires Python <3.12")


def test_musl_wheels_do_not_run(package_index, ask):
    package_index.wheel("alpha", "1.0", "cp312-cp312-musllinux_1_2_aarch64")
    package_index.wheel("beta", "1.0", "cp311-cp311-musllinux_1_2_aarch64")
    answer = ask("alpha==1.0\nbeta==1.0\n")
    assert "for musl, not glibc" in one(answer, "alpha").evidence
    assert one(answer, "beta").verdict == "no arm64 wheel"


def test_foreign_wheels_alone_mean_that_nothing_is_for_linux(package_index, ask):
    package_index.wheel("alpha", "1.0", "cp312-cp312-win_amd64")
    package_index.wheel("beta", "1.0", "cp27-none-any")
    answer = ask("alpha==1.0\nbeta==1.0\n")
    assert one(answer, "alpha").verdict == "not found"
    assert one(answer, "beta").verdict == "python not supported"


def test_markers_are_evaluated_for_arm64(package_index, ask, verdicts):
    package_index.wheel("x86only", "1.0", X86)
    package_index.wheel("armonly", "1.0", ARM)
    package_index.wheel(
        "app", "1.0", requires=("x86only ; platform_machine == 'x86_64'", "armonly ; platform_machine == 'aarch64'")
    )
    answer = ask("app\nx86only==1.0 ; platform_machine == 'x86_64'\n")
    assert verdicts(answer) == {"app": "pure", "armonly": "wheel"}


def test_extras_belong_to_the_closure(package_index, ask):
    package_index.wheel("app", "1.0", requires=("plus ; extra == 'more'",))
    package_index.wheel("plus", "1.0", X86)
    assert ask("app\n").verdict == "ready"
    assert one(ask("app[more]\n"), "plus").requested_by == ("requirements.txt:1", "app")


def test_yanked_release_counts_only_when_pinned(package_index, ask, verdicts):
    package_index.wheel("alpha", "1.0")
    package_index.wheel("alpha", "2.0", yanked=True)
    assert one(ask("alpha\n"), "alpha").version == "1.0"
    assert one(ask("alpha==2.0\n"), "alpha").version == "2.0"


def test_what_does_not_exist_blocks_and_what_depends_on_it_is_judged(package_index, ask):
    package_index.wheel("app", "1.0", requires=("gone",))
    package_index.wheel("alpha", "1.0")
    answer = ask("app\nalpha==9\nnever\n")
    assert one(answer, "gone").requested_by == ("requirements.txt:1", "app")
    assert one(answer, "gone").verdict == one(answer, "never").verdict == "not found"
    assert "has no alpha==9" in one(answer, "alpha").evidence
    assert one(answer, "app").verdict == "pure"
    assert one(answer, "never").fix.startswith("none: correct the name")


def test_requirements_that_contradict_one_another_are_judged_apart(package_index, ask):
    package_index.wheel("app", "1.0", requires=("core<2",))
    package_index.wheel("core", "1.0")
    package_index.wheel("core", "2.0")
    answer = ask("app\ncore>=2\n")
    assert answer.verdict == "unknown"
    assert "together they do not resolve" in one(answer, "(all requirements)").evidence
    assert "127.0.0.1" not in one(answer, "(all requirements)").evidence
    assert one(answer, "app").verdict == "pure"


def test_constraints_hold(package_index, ask, tmp_path):
    (tmp_path / "constraints.txt").write_text("alpha<2\n")
    package_index.wheel("alpha", "1.0")
    package_index.wheel("alpha", "2.0")
    assert one(ask("-c constraints.txt\nalpha\n"), "alpha").version == "1.0"


def test_machine_code_in_a_wheel_for_any_platform_blocks_without_a_sibling(package_index, ask, elf):
    files = {"driver/tool_linux64": elf(0x3E), "driver/README": b"x" * 9000, "driver/__init__.py": b""}
    package_index.wheel("driver", "1.0", files=files)
    package_index.wheel("driver", "1.1", files=files)
    package_index.wheel(
        "driver", "2.0", files={**files, "driver/tool_linux-arm64": elf(0xB7), "driver/tool_linux-x64": elf(0x3E)}
    )
    package_index.wheel("both", "1.0", files={"both/lib.so": elf(0x3E), "both/lib.arm.so": elf(0xB7)})
    package = one(ask("driver==1.0\nboth\n"), "driver")
    assert (package.verdict, package.x86_64_verdict) == ("x86_64 native file", "pure")
    assert "driver/tool_linux64" in package.evidence
    assert one(ask("both\n"), "both").verdict == "pure"


def test_machine_code_in_many_releases_is_not_searched_for_ever(package_index, ask, elf):
    for minor in range(12):
        package_index.wheel("driver", f"1.{minor}", files={"driver/tool": elf(0x3E)})
    assert one(ask("driver==1.3\n"), "driver").fix.startswith("none")


@pytest.mark.parametrize("option", ["--only-binary :all:", "--only-binary=gamma"])
def test_only_binary_rules_pure_sdists_out(package_index, ask, option):
    package_index.pure_sdist("gamma", "1.0")
    package = one(ask(f"{option}\ngamma==1.0\n"), "gamma")
    assert package.verdict == "sdist only"
    assert "ruled out by --only-binary" in package.evidence


def test_no_binary_rules_wheels_out(package_index, ask):
    package_index.wheel("gamma", "1.0")
    package_index.pure_sdist("gamma", "1.0")
    assert "gamma-1.0.tar.gz" in one(ask("--no-binary gamma\ngamma\n"), "gamma").evidence


def test_hash_of_the_arm64_file_must_be_listed(package_index, ask):
    package_index.wheel("alpha", "1.0", ARM)
    arm = package_index.digest("alpha", f"alpha-1.0-{ARM}.whl")
    package_index.wheel("alpha", "1.0", X86, files={"alpha/x86.py": b"1"})
    x86 = package_index.digest("alpha", f"alpha-1.0-{X86}.whl")
    package = one(ask(f"alpha==1.0 \\\n  --hash=sha256:{x86}\n"), "alpha")
    assert (package.verdict, package.x86_64_verdict) == ("hash not listed", "wheel")
    assert "generate-hashes" in package.fix
    assert ask(f"alpha==1.0 --hash=sha256:{x86} --hash=sha256:{arm}\n").verdict == "ready"


def test_dependency_without_a_hash_blocks_where_hashes_are_required(package_index, ask):
    digest = package_index.wheel("app", "1.0", requires=("beta",))
    package_index.wheel("beta", "1.0")
    assert one(ask(f"app==1.0 --hash=sha256:{digest}\n"), "beta").verdict == "hash not listed"


def test_fix_of_a_hashed_line_is_searched_among_all_releases(package_index, ask):
    digest = package_index.wheel("alpha", "1.0", X86)
    package_index.wheel("alpha", "1.1", ARM)
    assert one(ask(f"alpha==1.0 --hash=sha256:{digest}\n"), "alpha").fix == "use alpha==1.1"


def test_sdists_are_read_and_never_run(package_index, ask):
    package_index.native_sdist("native", "1.0")
    package_index.sdist("old", "1.0", {"PKG-INFO": "Metadata-Version: 1.0", "setup.py": "print 'two'\n"})
    package_index.sdist(
        "computed", "1.0", {"setup.py": "from setuptools import setup\nsetup(install_requires=open('r').read())\n"}
    )
    answer = ask("native==1.0\nold==1.0\ncomputed==1.0\n")
    assert one(answer, "native").verdict == "sdist only"
    assert "built from source on an arm64 machine" in one(answer, "native").fix
    assert one(answer, "old").verdict == "python not supported"
    assert one(answer, "computed").verdict == "not checked"


def test_older_sdists_of_a_compiled_project_are_not_read_one_by_one(package_index, ask):
    for minor in range(9):
        package_index.native_sdist("native", f"1.{minor}")
    assert ask("native\n").verdict == "blocked"
    assert len([path for path in set(package_index.asked) if path.startswith("/files/")]) <= 4


def test_dependency_by_an_address_is_not_followed(package_index, ask):
    package_index.wheel("app", "1.0", requires=("evil @ git+https://example.invalid/evil.git",))
    answer = ask("app\n")
    assert one(answer, "evil").verdict == "not checked"
    assert answer.verdict == "unknown"


def test_requires_python_of_a_project_is_compared(package_index, ask):
    package_index.wheel("alpha", "1.0")
    text = '[project]\nname = "x"\nrequires-python = ">=3.13"\ndependencies = ["alpha"]\n'
    answer = ask(text, name="pyproject.toml")
    assert one(answer, "(the project)").verdict == "python not supported"


def test_proof_resolves_with_all_fixes(package_index, ask):
    package_index.wheel("alpha", "1.0", X86)
    package_index.wheel("alpha", "1.1", ARM)
    package_index.wheel("bad", "1.0", X86)
    answer = ask("alpha==1.0\nbad\n", verify=True)
    assert answer.reason == "blocked by alpha, bad; verified: with alpha==1.1 it resolves for arm64, but for bad"


def test_proof_says_when_fixes_do_not_go_together(package_index, ask):
    for name, other in (("alpha", "beta"), ("beta", "alpha")):
        package_index.wheel(name, "1.0", X86)
        package_index.wheel(name, "1.1", ARM, requires=(f"{other}<1.1",))
    answer = ask("alpha==1.0\nbeta==1.0\n", verify=True)
    assert "does not resolve for arm64" in answer.reason or "verified" in answer.reason
