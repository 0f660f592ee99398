# The engine's pin: llama.cpp/ggml as the PyPI source package llama-cpp-python carries it (MIT).
# Read by engine/build; change both lines together.
ENGINE_PACKAGE=llama-cpp-python
ENGINE_VERSION=0.3.36
ENGINE_SHA256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
