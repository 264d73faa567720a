# What the compiler made of each kernel, as cuda_kernels.json (tools/report_cuda_kernels.py). cuobjdump and nvdisasm come
# with a full CUDA toolkit, or from PyPI (tools/requirements-dev.txt); without them there is no such file.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
get_filename_component(toolkit ${CMAKE_CUDA_COMPILER} DIRECTORY)
file(GLOB from_pypi ${PROJECT_SOURCE_DIR}/.venv/lib/python*/site-packages/nvidia/cu*/bin)
find_program(CONVLENS_CUOBJDUMP cuobjdump HINTS ${toolkit} ${from_pypi})
find_program(CONVLENS_NVDISASM nvdisasm HINTS ${toolkit} ${from_pypi})
if(CONVLENS_CUOBJDUMP AND CONVLENS_NVDISASM)
  set(tool ${PROJECT_SOURCE_DIR}/tools/report_cuda_kernels.py)
  set(report ${CMAKE_CURRENT_BINARY_DIR}/cuda_kernels.json)
  set(objects $<FILTER:$<TARGET_OBJECTS:convlens_cuda>,INCLUDE,\\.cu\\.o$>)
  add_custom_command(
    OUTPUT ${report}
    COMMAND Python3::Interpreter ${tool} --cuobjdump ${CONVLENS_CUOBJDUMP} --nvdisasm ${CONVLENS_NVDISASM} --compiler
            "nvcc ${CMAKE_CUDA_COMPILER_VERSION}" --output ${report} ${objects}
    DEPENDS ${tool} ${PROJECT_SOURCE_DIR}/tools/convlens/sass.py ${objects}
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(convlens_cuda_report ALL DEPENDS ${report})
endif()
