data "archive_file" "deps" {
  type        = "zip"
  source_dir  = "${path.module}/deps"
  output_path = "${path.module}/deps.zip"
}

resource "aws_lambda_layer_version" "deps" {
  layer_name = "deps"
  filename   = data.archive_file.deps.output_path
}

resource "aws_lambda_layer_version" "each" {
  for_each   = toset(["each", "other"])
  layer_name = each.key
  filename   = "${each.key}.zip"
}

resource "aws_s3_object" "uploaded" {
  bucket = "artifacts"
  key    = "uploaded.zip"
  source = "uploaded.zip"
}

resource "aws_lambda_layer_version" "uploaded" {
  layer_name = "uploaded"
  s3_bucket  = aws_s3_object.uploaded.bucket
  s3_key     = aws_s3_object.uploaded.key
}

resource "aws_lambda_layer_version" "elsewhere" {
  layer_name = "elsewhere"
  s3_bucket  = "others"
  s3_key     = "layer.zip"
}

module "made" {
  source       = "terraform-aws-modules/lambda/aws"
  create_layer = true
  layer_name   = "made"
  source_path  = "${path.module}/module"
}

module "joined" {
  source       = "terraform-aws-modules/lambda/aws"
  create_layer = true
  source_path  = [{ path = "${path.module}/module", prefix_in_zip = "python" }]
}

resource "aws_lambda_function" "orders" {
  function_name = "orders"
  filename      = "orders.zip"
  handler       = "app.handler"
  runtime       = "python3.13"
  layers = [
    aws_lambda_layer_version.deps.arn,
    "arn:aws:lambda:eu-west-1:123456789012:layer:tracing:7",
    aws_lambda_layer_version.each["other"].arn,
    aws_lambda_layer_version.uploaded.arn,
    aws_lambda_layer_version.elsewhere.arn,
    module.made.lambda_layer_arn,
    module.joined.lambda_layer_arn,
    aws_lambda_layer_version.gone.arn,
  ]
}
