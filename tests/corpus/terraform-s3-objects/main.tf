locals {
  key = "builds/keyed.zip"
}

data "archive_file" "zipped" {
  type        = "zip"
  source_dir  = "${path.module}/src/zipped"
  output_path = "${path.module}/build/zipped.zip"
}

resource "aws_s3_object" "zipped" {
  bucket = aws_s3_bucket.code.id
  key    = "zipped-${data.archive_file.zipped.output_md5}.zip"
  source = data.archive_file.zipped.output_path
}

resource "aws_s3_bucket_object" "built" {
  bucket = "code"
  key    = "built.zip"
  source = "${path.module}/dist/built.zip"
}

resource "aws_s3_object" "keyed" {
  bucket = "code"
  key    = local.key
  source = "dist/keyed.zip"
}

resource "aws_s3_object" "others" {
  bucket = "other-code"
  key    = "built.zip"
  source = "dist/others.zip"
}

resource "aws_s3_object" "made" {
  bucket  = "code"
  key     = "made.zip"
  content = "none"
}

data "aws_s3_object" "built" {
  bucket = "code"
  key    = "elsewhere.zip"
}

data "archive_file" "each" {
  for_each    = toset(["a", "b"])
  type        = "zip"
  source_dir  = "src/${each.key}"
  output_path = "build/${each.key}.zip"
}

resource "aws_s3_object" "each" {
  for_each = toset(["a", "b"])
  bucket   = "code"
  key      = "${each.key}.zip"
  source   = data.archive_file.each[each.key].output_path
}

resource "aws_lambda_function" "zipped" {
  function_name = "zipped"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  s3_bucket     = aws_s3_object.zipped.bucket
  s3_key        = aws_s3_object.zipped.key
}

resource "aws_lambda_function" "built" {
  function_name = "built"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  s3_bucket     = aws_s3_bucket.code.id
  s3_key        = aws_s3_bucket_object.built.id
}

resource "aws_lambda_function" "keyed" {
  function_name = "keyed"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  s3_bucket     = "code"
  s3_key        = local.key
}

resource "aws_lambda_function" "same_key" {
  function_name = "same_key"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  s3_bucket     = "other-code"
  s3_key        = "built.zip"
}

resource "aws_lambda_function" "made" {
  function_name = "made"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  s3_bucket     = "code"
  s3_key        = aws_s3_object.made.key
}

resource "aws_lambda_function" "read" {
  function_name = "read"
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  s3_bucket     = data.aws_s3_object.built.bucket
  s3_key        = data.aws_s3_object.built.key
}

resource "aws_lambda_function" "each" {
  for_each      = toset(["a", "b"])
  function_name = each.key
  role          = "r"
  handler       = "app.handler"
  runtime       = "python3.13"
  s3_bucket     = aws_s3_object.each[each.key].bucket
  s3_key        = aws_s3_object.each[each.key].key
}

module "packaged" {
  source         = "terraform-aws-modules/lambda/aws"
  function_name  = "packaged"
  handler        = "app.handler"
  runtime        = "python3.13"
  create_package = false

  s3_existing_package = {
    bucket = "code"
    key    = aws_s3_object.keyed.id
  }
}
