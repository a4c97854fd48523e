"""What the committed results say to somebody with n samples of a kind of data and a purpose."""
