"""The planar engine: convolutions in a grid of lanes, each the owner of a tile of every feature map."""
