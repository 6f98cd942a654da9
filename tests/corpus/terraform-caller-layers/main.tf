# Below the last line of the module's file, so that a line number of the one is none of the other.
#
#
#
#
#
#
#
#
#
#
#
#
#
module "api" {
  source = "./api"
  layers = [
    aws_lambda_layer_version.deps.arn,
    "arn:aws:lambda:eu-west-1:123456789012:layer:tracing:7",
    module.common["eu"].layer_arn,
  ]
}
