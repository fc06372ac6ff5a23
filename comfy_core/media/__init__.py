"""Pictures in and out: files, tensors, sizes."""
