"""Methods that change what passes through the blocks of a U-Net, without training: each file is one method, a function
that makes others for `ModelPatcher.set_model_*_patch`.
"""
