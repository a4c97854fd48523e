"""Result sets of third parties: checked, packed and, by running a part again, verified."""
