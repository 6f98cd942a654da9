variable "memory" {
  default = 576
}

variable "settings" {
  default = { architecture = "x86_64" }
}

module "this" {
  source       = "./function"
  memory       = var.memory
  architecture = var.settings.architecture
}
