"""The analytics context: the record of every crossing and visit, and the rollups over them."""
