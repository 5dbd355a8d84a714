# The headers of with/ compile and link by their targets.
list(TRANSFORM COMPONENTS REPLACE "(.+)" "#include <sallyport/with/\\1.hpp>" OUTPUT_VARIABLE includes)
list(JOIN includes "\n" includes)
file(CONFIGURE OUTPUT with.cpp CONTENT "${includes}\n")
target_sources(consumer PRIVATE ${PROJECT_BINARY_DIR}/with.cpp)
foreach(component IN LISTS COMPONENTS)
    target_link_libraries(consumer PRIVATE sallyport::${component})
endforeach()
