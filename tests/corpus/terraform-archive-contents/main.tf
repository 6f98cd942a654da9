data "archive_file" "folder" {
  type        = "zip"
  source_dir  = "${path.module}/src"
  output_path = "folder.zip"
  excludes    = ["tests", "**/*.md", var.more, "!(a)"]
}

data "archive_file" "written" {
  type        = "zip"
  output_path = "written.zip"

  source {
    content  = file("${path.module}/lib/app.py")
    filename = "app.py"
  }

  source {
    content  = "NAME = \"${terraform.workspace}\""
    filename = "./conf/settings.py"
  }
}

data "archive_file" "one" {
  type                    = "zip"
  output_path             = "one.zip"
  source_content          = "def handler(event, context): return 1"
  source_content_filename = "one.py"
}

data "archive_file" "outside" {
  type        = "zip"
  output_path = "outside.zip"

  source {
    content  = file("../../../../../../../../etc/hostname")
    filename = "app.py"
  }
}

data "archive_file" "named" {
  type        = "zip"
  output_path = "named.zip"

  source {
    content  = "x"
    filename = "../app.py"
  }
}

data "archive_file" "made" {
  type        = "zip"
  output_path = "made.zip"

  source {
    content  = templatefile("x.tftpl", {})
    filename = "app.py"
  }
}

variable "more" {}

resource "aws_lambda_function" "f" {
  for_each      = toset(["folder", "written", "one"])
  function_name = each.key
  filename      = "${each.key}.zip"
  handler       = "app.handler"
  runtime       = "python3.13"
}

resource "aws_lambda_function" "odd" {
  for_each      = toset(["outside", "named", "made"])
  function_name = each.key
  filename      = "${each.key}.zip"
  handler       = "app.handler"
  runtime       = "python3.13"
}

module "several" {
  source        = "terraform-aws-modules/lambda/aws"
  function_name = "several"
  handler       = "a.handler"
  runtime       = "python3.13"
  source_path   = ["${path.module}/lib/app.py", "${path.module}/lib/more.py"]
}

module "mixed" {
  source        = "terraform-aws-modules/lambda/aws"
  function_name = "mixed"
  handler       = "a.handler"
  runtime       = "python3.13"
  source_path = [
    { path = "${path.module}/src", patterns = ["!tests/.*"], prefix_in_zip = "vendor" },
    "${path.module}/lib/app.py",
  ]
}
