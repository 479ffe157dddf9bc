SELECT '${var}', '$<cyctime>', '$${x}';
