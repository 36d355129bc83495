"""One HTML page of a result, to look at: figures with hover and sliders, every number, what it rests on."""
