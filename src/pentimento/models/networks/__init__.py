"""Networks to add to a model: LoRA and its kin, found, read, and merged into the weights.

`find` lists the files and needs no torch; `names` tells which layer a tensor of a file is for;
`kinds` has the arithmetic of each kind, a row each; `merge` puts weights in and takes them out.
"""
