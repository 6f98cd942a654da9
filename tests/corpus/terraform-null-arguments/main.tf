module "shop" {
  source = "./function"
  name   = "shop"
}

locals {
  workers = ["a", "b"]
}

data "archive_file" "worker" {
  for_each    = toset(local.workers)
  type        = "zip"
  source_dir  = "${path.module}/src/${each.key}"
  output_path = "${path.module}/bin/${each.key}.zip"
}

resource "aws_lambda_function" "worker" {
  for_each      = toset(local.workers)
  function_name = "worker-${each.key}"
  filename      = data.archive_file.worker[each.key].output_path
  handler       = "app.handler"
  runtime       = "python3.12"
  role          = "r"
}
