"""The networks, as plain `nn.Module`s whose parameters carry the names of the original releases."""
