for line in try settleOneSale() { print(line) }
