module "sync" {
  source = "git::https://robot:secret@git.example.com/shop/terraform-aws-lambda.git?ref=v2"
  name   = "sync"
}

module "notify_lambda" {
  source = "shop/function/aws"
}

module "convert" {
  source  = "git@git.example.com:shop/worker.git"
  handler = "convert.handler"
  runtime = "python3.13"
}

# The folder of a submodule that is not checked out.
module "mail" {
  source = "./submodules/modules/lambda"
}

module "off" {
  count  = 0
  source = "shop/lambda/aws"
}

module "bucket" {
  source = "git::https://git.example.com/shop/terraform-aws-bucket.git"
  bucket = "files"
}

module "lambda_security_group" {
  source = "terraform-aws-modules/security-group/aws"
}

module "network" {
  source = "./submodules/modules/network"
}

module "nested" {
  source = "./nested"
}

module "twice" {
  source = "./nested"
}
