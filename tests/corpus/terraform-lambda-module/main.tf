module "thumbnail" {
  source  = "terraform-aws-modules/lambda/aws"
  version = "~> 7.0"

  function_name = "thumbnail"
  description   = "My awesome lambda function"
  handler       = "app.handler"
  runtime       = "python3.12"
  architectures = ["x86_64"]
  memory_size   = 1024
  timeout       = 20

  source_path = "./src/thumbnail"

  environment_variables = {
    Serverless = "Terraform"
  }

  event_source_mapping = {
    sqs = {
      event_source_arn = aws_sqs_queue.this.arn
      batch_size       = 5
    }
  }

  allowed_triggers = {
    Bucket = {
      principal  = "s3.amazonaws.com"
      source_arn = "arn:aws:s3:::photos"
    }
  }
}

module "listed" {
  source        = "git::https://github.com/terraform-aws-modules/terraform-aws-lambda.git?ref=v7.2.0"
  function_name = "listed"
  handler       = "index.handler"
  runtime       = "python3.11"
  source_path = [
    {
      path             = "${path.module}/src/listed"
      pip_requirements = true
    }
  ]
  provisioned_concurrent_executions = 2
  ephemeral_storage_size            = 10240
}

module "layer" {
  source              = "terraform-aws-modules/lambda/aws"
  create_layer        = true
  layer_name          = "common"
  compatible_runtimes = ["python3.12"]
  source_path         = "./layer"
}

module "package" {
  source          = "terraform-aws-modules/lambda/aws"
  create_function = false
  source_path     = "./src"
}

module "vpc" {
  source = "terraform-aws-modules/vpc/aws"
  name   = "lambda"
}
