module "service" {
  source = "../.."
  memory = 1024
}
