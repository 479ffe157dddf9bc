# Writes the C file OUTPUT that defines `const char NAME[]`, declared in HEADER, with the bytes of
# INPUT and a NUL at the end; with WITH_LENGTH also `const size_t NAME_length`, without the NUL.
# With SQUEEZE indentation and lines that begin with `//` are left out, as CSS and JS allow.
file(READ ${INPUT} bytes HEX)
if(SQUEEZE)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\1," bytes "${bytes}")
  string(REGEX REPLACE "0a,(20,)+" "0a," bytes "${bytes}")
  string(REGEX REPLACE "0a,2f,2f,(([1-9a-f][0-9a-f]|0[0-9b-f]),)*" "" bytes "${bytes}")
  string(REPLACE "," "" bytes "${bytes}")
endif()
string(LENGTH "${bytes}" length)
math(EXPR length "${length} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
string(REGEX REPLACE "(....................................................................................)"
  "\\1\n" bytes "${bytes}")
set(text "#include \"${HEADER}\"\n\nconst char ${NAME}[] = {\n${bytes}0};\n")
if(WITH_LENGTH)
  string(APPEND text "const size_t ${NAME}_length = ${length};\n")
endif()
file(WRITE ${OUTPUT} "${text}")
