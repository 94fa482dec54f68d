"""The rules of extraction as data: patterns with the id that a draft keeps.

Most patterns read a *shadow* of the text: lower case, as long as the text, with every recognised run replaced by a capital
letter: D dataset, M metric, C cost noun, V backbone, P other model name, N number with its unit. So "by N" or "M of N" is
written as such.
"""
