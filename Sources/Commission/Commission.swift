// Commission
