"""Node.js handlers, as Lambda's own runtime finds, calls and reports them, in a real worker."""

import json
import re

import pytest

from lambdabot import interpreters
from lambdabot.local.runtimes.nodejs import is_too_old

REQUEST_ID = "8f5d3c1e-0000-4000-8000-000000000001"
NODE = interpreters.node()

pytestmark = pytest.mark.skipif(NODE is None or is_too_old(NODE), reason="needs Node.js on the PATH")


@pytest.fixture
def node(start, code):
    """Start a worker from files, or from the text of app.js."""

    def make(machine, files, **changes):
        folder = code({"app.js": files} if isinstance(files, str) else files)
        return start(machine, folder, **{"runtime": "nodejs20.x", **changes})

    return make


def test_a_handler_gets_what_lambda_gives_it(node, any_machine):
    call = node(
        any_machine,
        """
        let calls = 0;
        exports.handler = async (event, context) => {
          console.log("hello %s", "you", { a: 1 });
          console.error("first\\nsecond");
          const { getRemainingTimeInMillis, ...rest } = context;
          return { event, context: rest, left: context.getRemainingTimeInMillis(), calls: ++calls,
            cwd: process.cwd() === process.env.LAMBDA_TASK_ROOT, task: __dirname, region: process.env.AWS_REGION,
            colour: process.env.COLOUR, env: process.env.AWS_EXECUTION_ENV, trace: process.env._X_AMZN_TRACE_ID,
            python: process.env.PYTHONPATH, at: process.env.NODE_PATH };
        };
        """,
        environment={"COLOUR": "blue"},
        memory_mb=512,
    )
    first = call.environment.invoke(request_id=REQUEST_ID, payload=b'{"n": 1}', client_context='{"custom": {"a": "b"}}')
    said = json.loads(first.payload)

    assert (said["event"], said["calls"], said["cwd"], said["colour"]) == ({"n": 1}, 1, True, "blue")
    assert (said["region"], said["env"], "python" in said) == ("eu-central-1", "AWS_Lambda_nodejs20.x", False)
    assert 0 < said["left"] <= 20_000
    assert said["trace"].startswith("Root=1-")
    assert said["at"].split(":")[1].endswith("/nodejs/node_modules")
    assert said["context"] == {
        "callbackWaitsForEmptyEventLoop": True,
        "functionVersion": "$LATEST",
        "functionName": "orders",
        "memoryLimitInMB": "512",
        "logGroupName": "/aws/lambda/orders",
        "logStreamName": "2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef",
        "clientContext": {"custom": {"a": "b"}},
        "invokedFunctionArn": "arn:aws:lambda:eu-central-1:000000000000:function:orders",
        "awsRequestId": REQUEST_ID,
    }
    assert first.init_ms > 0
    assert first.runtime == f"nodejs:{NODE.version} of this machine"
    lines = [line.split("\t", 1) for line in first.logs.decode().strip().split("\n")]
    assert [rest for _, rest in lines] == [
        f"{REQUEST_ID}\tINFO\thello you {{ a: 1 }}",
        f"{REQUEST_ID}\tERROR\tfirst\rsecond",
    ]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", lines[0][0])
    assert call.value()["calls"] == 2


@pytest.mark.parametrize(
    ("handler", "files"),
    [
        ("app.handler", {"app.mjs": "export const handler = async () => 'here';"}),
        ("app.handler", {"app.js": "export const handler = async () => 'here';", "package.json": '{"type": "module"}'}),
        ("app.handler", {"app.cjs": "exports.handler = async () => 'here';", "package.json": '{"type": "module"}'}),
        ("src/app.handler", {"src/app.js": "exports.handler = async () => 'here';"}),
        ("src/api/app.handler", {"src/api/app.mjs": "export async function handler() { return 'here'; }"}),
        ("app.a.b", {"app.js": "exports.a = {b: async () => 'here'};"}),
        ("app.handler", {"app.mjs": "export const handler = await Promise.resolve(async () => 'here');"}),
        ("app.handler", {"app/index.js": "exports.handler = async () => 'here';"}),
        ("lib.handler", {"node_modules/lib/index.js": "exports.handler = async () => 'here';"}),
        ("app.handler", {"app.js": "exports.handler = (event, context, callback) => callback(null, 'here');"}),
        ("app.handler", {"app.js": "exports.handler = (event, context) => context.succeed('here');"}),
        ("app.handler", {"app.js": "exports.handler = (event, context) => context.done(null, 'here');"}),
        ("app.handler", {"app.js": "exports.handler = event => new Promise(r => setTimeout(r, 5, 'here'));"}),
    ],
)  # fmt: skip
def test_a_handler_is_found_wherever_lambda_finds_it(node, machine, handler, files):
    assert node(machine, files, handler=handler).value() == "here"


def test_a_callback_waits_for_an_empty_event_loop_unless_told_otherwise(node, machine):
    call = node(
        machine,
        """
        let late = false, timer;
        exports.handler = (event, context, callback) => {
          const was = late;
          late = false;
          clearInterval(timer);
          if (event.forever) timer = setInterval(() => {}, 1000);
          else setTimeout(() => { late = true; }, 30);
          context.callbackWaitsForEmptyEventLoop = !event.forever;
          if (event.never) return "ignored";
          callback(null, was);
        };
        """,
    )
    assert call.value() is False
    assert call.value() is True, "the timer of the first ran before its answer went out"
    assert call.value(forever=True) is True, "nor is this one waited for"
    assert call.value(never=True) is None


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("async () => { throw new RangeError('bad order'); }", "RangeError", "bad order"),
        ("() => { throw new TypeError('bad order'); }", "TypeError", "bad order"),
        ("(e, c, callback) => callback(new Error('bad order'))", "Error", "bad order"),
        ("(e, c) => c.fail('bad order')", "string", "bad order"),
        ("async () => { throw Object.create(null); }", "object", "[Object: null prototype] {}"),
        ("async () => { const e = new Error('round'); e.self = e; throw e; }", "Error", "round"),
        ("async () => 1n", "Error", "Unable to stringify response body"),
        ("async () => new Promise(() => {})", "Runtime.NodeJsExit", ""),
        ("() => { setTimeout(() => { throw new RangeError('later'); }); }", "RangeError", "later"),
        (
            "() => { Promise.reject(new RangeError('nobody')); setTimeout(() => {}, 1000); }",
            "Runtime.UnhandledPromiseRejection",
            "RangeError: nobody",
        ),
    ],
)
def test_a_failure_is_told_in_lambdas_shape(node, machine, body, kind, message):
    call = node(machine, f"// the first line\nexports.handler = {body};")
    result = call()
    error = json.loads(result.payload)

    assert (result.status, result.function_error, result.error_type) == ("error", "Unhandled", kind)
    assert (error["errorType"], error["errorMessage"]) == (kind, message)
    if kind not in {"string", "object", "Runtime.NodeJsExit"} and "stringify" not in message:
        assert any("app.js:2:" in frame for frame in error["trace"]), error
    assert f"{REQUEST_ID}\tERROR\t" in result.logs.decode()
    assert f'\t{{"errorType":"{kind}","errorMessage":"{message}",' in result.logs.decode()
    assert json.loads(call().payload)["errorType"] == kind


@pytest.mark.parametrize(
    ("files", "handler", "kind", "message"),
    [
        ("exports.handler = async (", "app.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
        ("require('nowhere');", "app.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'nowhere'"),
        ("", "gone.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'gone'"),
        ("exports.other = 1;", "app.handler", "Runtime.HandlerNotFound", "app.handler is undefined or not exported"),
        ("exports.handler = 1;", "app.handler", "Runtime.HandlerNotFound", "app.handler is not a function"),
        ("", "../app.handler", "Runtime.MalformedHandlerName", "'..' is not a valid handler string"),
        ("", "app", "Runtime.MalformedHandlerName", "Bad handler"),
        ("throw new RangeError('at init');", "app.handler", "RangeError", "at init"),
        ("require('@aws-sdk/client-s3');", "app.handler", "Runtime.ImportModuleError", "brings @aws-sdk along"),
        ({"app.mjs": "import '@aws-sdk/client-s3';"}, "app.handler", "Error", "bundle it, or npm install"),
    ],
)
def test_code_that_cannot_be_loaded_is_named(node, machine, files, handler, kind, message):  # noqa: PLR0917 - as above
    result = node(machine, files, handler=handler)()
    error = json.loads(result.payload)

    assert (error["errorType"], result.error_type, result.healthy) == (kind, kind, False)
    assert message in error["errorMessage"]
    assert ("this machine does not" in error["errorMessage"]) == ("aws-sdk" in str(files))


def test_a_callback_is_refused_where_lambda_has_them_no_more(node, machine):
    source = "exports.handler = (event, context, callback) => callback(null, Object.keys(context).includes('done'));"
    assert node(machine, source, runtime="nodejs22.x").value() is True
    result = node(machine, source, runtime="nodejs24.x")()
    assert json.loads(result.payload)["errorType"] == "Runtime.CallbackHandlerDeprecated"


def test_a_streamed_answer_arrives_whole_and_its_error_after_it(node, machine):
    call = node(
        machine,
        """
        exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
          if (event.early) throw new RangeError("early");
          if (event.http) stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
          stream.write("one,");
          await new Promise(done => setTimeout(done, 5));
          stream.write({ two: 2 });
          if (event.late) throw new RangeError("late");
          stream.end(Buffer.from(",three"));
          await new Promise(done => setTimeout(done, 1));
        });
        """,
    )
    assert call().payload == b'one,{"two":2},three'
    assert call(http=True).payload == b'{"statusCode":201}' + bytes(8) + b'one,{"two":2},three'
    for when in ("early", "late"):
        failed = call(**{when: True})
        error = json.loads(failed.payload)
        assert (failed.status, failed.error_type, error["errorMessage"]) == ("error", "RangeError", when)
        assert any("app.js" in frame for frame in error["trace"])
    assert call().status == "ok"


def test_time_memory_and_exits_end_as_on_lambda(node, any_machine):
    source = """
        exports.handler = async event => {
          if (event.forever) await new Promise(done => setTimeout(done, 60000));
          if (event.exit) process.exit(3);
          const held = [];
          while (event.fill) held.push(Buffer.alloc(1 << 24, 1));
          return "fine";
        };
    """
    hasty, call = node(any_machine, source, timeout_seconds=1), node(any_machine, source, memory_mb=512)
    ended = [hasty(forever=True), call(exit=True), call(fill=True)]
    assert [result.status for result in ended] == ["timeout", "error", "out of memory"]
    assert "exit status 3" in json.loads(ended[1].payload)["errorMessage"]
    assert call.value() == "fine"


def test_modules_of_a_layer_are_found(node, code, any_machine):
    layers = code({"nodejs/node_modules/shared/index.js": "exports.name = 'of the layer';"})
    source = "const shared = require('shared'); exports.handler = async () => shared.name;"
    assert node(any_machine, source, layers=layers).value() == "of the layer"


def test_json_logs_have_a_level_that_is_kept_to(node, machine):
    result = node(
        machine,
        """
        exports.handler = async () => {
          console.debug("not this");
          console.info({ order: 7 });
          console.warn("odd", new RangeError("far"));
          throw new TypeError("bad");
        };
        """,
        environment={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"},
    )()
    lines = [json.loads(line) for line in result.logs.splitlines()]

    assert [(line["level"], line["requestId"]) for line in lines] == [
        (level, REQUEST_ID) for level in ("INFO", "WARN", "ERROR")
    ]
    assert lines[0]["message"] == {"order": 7}
    assert (lines[1]["errorType"], lines[1]["errorMessage"]) == ("RangeError", "far")
    assert lines[2]["message"]["errorType"] == "TypeError"


def test_the_heap_is_a_share_of_the_memory(node, machine):
    source = "exports.handler = async () => require('v8').getHeapStatistics().heap_size_limit / 1048576;"
    assert 100 < node(machine, source, memory_mb=128).value() < 200
    assert 900 < node(machine, source, memory_mb=1024).value() < 1200


def test_a_worker_reads_no_more_than_one_of_python_but_its_own_program(machine, tmp_path):
    def confinement(identifier):
        runtime = machine.runtimes.find(identifier)
        return machine.isolation.confinement(
            user=1, temporary=tmp_path, shown={}, largest_file_mb=1, programs=runtime.parts
        )

    python, others = confinement("python3.11"), [confinement("nodejs22.x"), confinement("provided.al2023")]

    for one in others:
        assert set(one.read_only) - set(python.read_only) <= {str(NODE.program)}
        assert (one.read_write, one.unix_sockets) == (python.read_write, python.unix_sockets)
        assert (one.namespaces, one.landlock) == (python.namespaces, python.landlock)
        if one.view is not None:
            assert set(one.view.hidden) >= set(python.view.hidden)
            assert {bind.source for bind in one.view.binds} - {bind.source for bind in python.view.binds} <= {
                str(NODE.program)
            }


def test_what_is_the_machines_is_out_of_reach(node, machine, tmp_path):
    """The sandbox is the same as for Python, whose promises are held by tests/trust."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    source = f"""
        const fs = require("fs");
        const places = ["{secret}", "/proc/1/environ"];
        exports.handler = async () => places.map(path => {{
          try {{ fs.readFileSync(path); return "read"; }} catch (error) {{ return "refused"; }}
        }}).concat(process.getuid(), Object.keys(process.env).filter(name => /GITHUB|INPUT|TOKEN/.test(name)));
    """
    read = node(machine, source).value()
    assert read[:1] == ["refused"]
    assert read[3:] == []
    if machine.isolation.own_users:
        assert read[1] == "refused"
        assert read[2] != 0
