"""What a network and a policy are: frozen, validated descriptions."""
