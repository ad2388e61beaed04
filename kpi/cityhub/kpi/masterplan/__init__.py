"""The Masterplan: what the action fields want, which goals stand for it, and the programmes that work towards them."""
