# Installs BUILD below WORK, takes the program and its CMakeLists.txt out of the page, builds and runs them.

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${ARGV} ended with ${code}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# The first block of the page that is fenced as LANGUAGE, into FILE.
function(extract page language file)
  set(fence "```${language}\n")
  string(FIND "${page}" "${fence}" begin)
  if(begin EQUAL -1)
    message(FATAL_ERROR "the page has no block of ${language}")
  endif()
  string(LENGTH "${fence}" length)
  math(EXPR begin "${begin} + ${length}")
  string(SUBSTRING "${page}" ${begin} -1 rest)
  string(FIND "${rest}" "```" end)
  string(SUBSTRING "${rest}" 0 ${end} block)
  file(WRITE ${file} "${block}")
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
file(READ ${SOURCE}/docs/use-as-a-library.md page)
extract("${page}" cpp ${WORK}/main.cpp)
extract("${page}" cmake ${WORK}/CMakeLists.txt)
run(${CMAKE_COMMAND} -S ${WORK} -B ${WORK}/build -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER}
    -D CMAKE_PREFIX_PATH=${WORK}/prefix)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/look ${SOURCE}/tests/install/tiny_model)
# The model's scores are the means of red, green and blue: dS/dI is 1 / (4 * 4) in one plane.
if(NOT output STREQUAL "blue, score 1\nlargest gradient 0.0625\n")
  message(FATAL_ERROR "the program printed:\n${output}")
endif()
run(${WORK}/prefix/bin/viz_run --version)

# What libconvlens loads lies beside it.
file(GLOB built RELATIVE ${BUILD} ${BUILD}/libconvlens_*.so)
foreach(library ${built})
  file(GLOB_RECURSE installed ${WORK}/prefix/${library})
  if(NOT installed)
    message(FATAL_ERROR "${library} was not installed")
  endif()
endforeach()
