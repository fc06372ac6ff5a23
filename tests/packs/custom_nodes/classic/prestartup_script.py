import os

os.environ["EASEL_TEST_PRESTARTUP"] = "classic was here first"
