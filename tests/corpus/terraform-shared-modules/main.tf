variable "report_memory" {
  default = 384
}

locals {
  audit_memory = 448
}

module "mail" {
  source = "./modules/notify"
  name   = "mail"
}

module "sms" {
  source = "./modules/notify"
  name   = "sms"
}

module "push" {
  source = "./modules/notify"
  name   = "push"
  memory = 832
}

module "report" {
  source        = "./modules/function"
  name          = "report"
  memory        = var.report_memory
  architectures = ["arm64"]
}

module "audit" {
  for_each = toset(["read", "write"])
  source   = "./modules/function"
  name     = each.key
  memory   = local.audit_memory
}

module "unknown" {
  for_each = var.unknown
  source   = "./modules/function"
  name     = "unknown"
}
