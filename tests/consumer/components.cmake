# Each header of with/ compiles and links by its target alone.
foreach(component IN LISTS COMPONENTS)
    file(CONFIGURE OUTPUT with_${component}.cpp CONTENT "#include <sallyport/with/${component}.hpp>\n")
    target_sources(consumer PRIVATE ${PROJECT_BINARY_DIR}/with_${component}.cpp)
    target_link_libraries(consumer PRIVATE sallyport::${component})
endforeach()
