title = "press "Start""
