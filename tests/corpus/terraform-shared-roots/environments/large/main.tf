module "large" {
  source = "../.."
  memory = 1024
}
