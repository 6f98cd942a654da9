from lambdabot.aws.deployments import Deployments
from lambdabot.model import Architecture, Deployment, Side


def test_every_variant_becomes_a_function_of_its_own_and_is_removed(fake, connection, identity, make_copy):
    copies = [
        make_copy(memory, side=side, architecture=architecture)
        for memory in (128, 512)
        for architecture in Architecture
        for side in Side
    ]
    with Deployments(connection, identity) as deployments:
        made = deployments.create(copies)
        assert all(isinstance(result, Deployment) for result in made.values())
        assert list(made) == [copy.variant for copy in copies]
        assert len(fake.functions) == len(copies) == deployments.created
        for variant, deployment in made.items():
            function = fake.functions[deployment.function_name]
            assert function["MemorySize"] == variant.configuration.memory_mb
            assert function["Architectures"] == [variant.configuration.architecture]
            assert function["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": deployments.log_group}
            assert function["Environment"]["Variables"]["STAGE"] == "test"
            assert deployment.arn.endswith(f":function:{deployment.function_name}:$LATEST")
            assert fake.tags[deployment.function_name] == identity.tags
        assert fake.log_groups == {deployments.log_group: identity.tags}
    assert fake.functions == {}
    assert fake.log_groups == {}
    assert (deployments.created, deployments.removed, deployments.left, deployments.notes) == (8, 8, (), ())
    operations = [operation for operation, _ in fake.calls]
    assert operations[0] == "CreateLogGroup"
    assert operations[-1] == "DeleteLogGroup"
    assert "GetFunction" not in operations  # CreateFunction's own answer said Active


def test_waits_until_active(fake, connection, identity, make_copy):
    fake.polls_until_ready = 2
    with Deployments(connection, identity) as deployments:
        made = deployments.create([make_copy()])
    assert isinstance(made[make_copy().variant], Deployment)
    assert fake.count("GetFunction") == 2
