"""CreateFunction's parameters, held to botocore's own model of them."""

from dataclasses import replace

import boto3
import pytest
from botocore.validate import ParamValidator

from lambdabot.aws.copies.request import Uploaded, create_parameters
from lambdabot.model import ImageConfig

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"


@pytest.fixture
def parameters(make_copy):
    """Return a function's parameters once botocore's model has nothing to say against them."""
    client = boto3.client("lambda", region_name="us-east-1")
    shape = client.meta.service_model.operation_model("CreateFunction").input_shape

    def of(copy=None, *, uploaded=None, layers=(), **fields):
        copy = copy or make_copy()
        copy = replace(copy, function=copy.function.changed(**fields))
        made = create_parameters(
            copy,
            name="lambdabot-x",
            role=copy.function.setup.role,
            log_group="/aws/lambda/x",
            tags={},
            layers=layers,
            uploaded=uploaded,
        )
        report = ParamValidator().validate(made, shape)
        assert not report.has_errors(), report.generate_report()
        return made

    return of


def test_what_a_function_has_its_copies_have(parameters):
    made = parameters(tracing=True, ephemeral_storage_mb=2048, layers=(LAYER,))
    assert made["TracingConfig"] == {"Mode": "Active"}
    assert made["EphemeralStorage"] == {"Size": 2048}
    assert made["Layers"] == (LAYER,)
    assert not {"SnapStart", "Publish", "VpcConfig", "ImageConfig"} & made.keys()


def test_snap_start_comes_with_a_published_version(parameters):
    made = parameters(snap_start=True)
    assert (made["SnapStart"], made["Publish"]) == ({"ApplyOn": "PublishedVersions"}, True)


def test_a_package_in_s3_is_named(parameters):
    assert parameters(uploaded=Uploaded(bucket="bucket", key="k"))["Code"] == {"S3Bucket": "bucket", "S3Key": "k"}


def test_an_image_runs_what_the_settings_say(parameters, make_copy):
    image = make_copy(image_uri="1.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:00")
    whole = ImageConfig(entry_point=("/run",), command=("app.handler",), working_directory="/app")
    made = parameters(image, image_config=whole)
    assert made["Code"] == {"ImageUri": image.build.image_uri}
    assert made["ImageConfig"] == {
        "EntryPoint": ("/run",),
        "Command": ("app.handler",),
        "WorkingDirectory": "/app",
    }
    assert parameters(image, image_config=ImageConfig(command=("x",)))["ImageConfig"] == {"Command": ("x",)}
    assert "ImageConfig" not in parameters(image)


def test_a_vpc_and_a_file_system_are_joined_as_lambda_named_them(parameters):
    attachments = {
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        "FileSystemConfigs": [
            {
                "Arn": "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-00000000000000000",
                "LocalMountPath": "/mnt/data",
            }
        ],
    }
    made = parameters(attachments=attachments)
    assert {name: made[name] for name in attachments} == attachments
