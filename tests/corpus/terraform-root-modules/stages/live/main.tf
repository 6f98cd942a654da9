module "mail" {
  source = "../../modules/mail"
  size   = 1024
}
