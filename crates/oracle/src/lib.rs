//! What outsiders hold: searched for canaries, compared between two worlds, attacked with a dictionary.
