loaded_memory = 896
