"""What happens around a turn: replies, wording, masking of personal data."""
