"""The messages, topic names and ids that vidmap's services share."""
