"""What the drivers of cloud signers share: settings, the guard of their secrets, one-time codes, checked values."""
